/** Who was told of an incident, and the way to a silence. */
import type { ReactElement } from "react";
import { Link } from "react-router";

import type { Channel, IncidentPage, Message } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { useSilenceOf } from "../../data/silences";
import { useUrl } from "../../data/url";
import { MessageText } from "../../parts/message";
import { Silenced } from "../../parts/silenced";
import { clock, print } from "../../words";

/** What the line begins with: told is who was reached. */
function reached(told: Message[]): string {
  if (told.some(({ state }) => state === "sent")) return "Told";
  return told.some(({ state }) => state === "waiting") ? "Not told yet" : "Nobody was reached";
}

const label = ({ channel, made, sent, state }: Message): string =>
  `${channel}, ${clock(sent ?? made)}${state === "sent" ? "" : `, ${state}`}`;

/** Nothing where there is nobody to tell. */
export function Told({ page }: { page: IncidentPage }): ReactElement | null {
  const url = useUrl();
  const channels = useAnswer<Channel[]>(api.channels);
  const { told } = page;
  const { model } = page.head;
  const silence = useSilenceOf(model);
  if (told.length === 0 && (channels.data ?? []).length === 0) return null;
  return (
    <div className="soft told">
      {told.length === 0 ? (
        <span>Nobody was told.</span>
      ) : (
        <span>
          {reached(told)}:{" "}
          {told.map((one, at) => (
            <span key={one.id}>
              {at === 0 ? "" : "; "}
              <button
                type="button"
                className={`linkish ${one.state === "failed" ? "wrong" : ""}`}
                title={print(one.title)}
                onClick={() => url.set({ message: String(one.id) })}
              >
                {label(one)}
              </button>
            </span>
          ))}
        </span>
      )}
      {silence === null ? <Link to={to.silence(model)}>Silence this model</Link> : <Silenced model={model} />}
      <MessageText
        message={told.find(({ id }) => String(id) === url.get("message"))}
        onClose={() => url.set({ message: null }, "replace")}
      />
    </div>
  );
}
