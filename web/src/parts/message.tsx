/** One message: what became of it, and all of its text. */
import { Modal } from "@mantine/core";
import type { ReactElement } from "react";
import { Link } from "react-router";

import type { Message, Topic } from "../api";
import { to } from "../data/paths";
import { clock, plural, print, when } from "../words";

/** The incident of a message's first line: the last to open, else the first that ended; null for alerts and reviews. */
export const incidentOf = ({ topics }: Message): Topic | null =>
  topics.findLast(({ kind }) => kind === "opened" || kind === "verdict") ?? topics.find(({ kind }) => kind === "ended") ?? null;

const tried = (times: number): string => (times === 1 ? "tried once" : `tried ${plural(times, "time")}`);

/** Where a message stands, in words. */
export function standing({ state, tries, next, sent }: Message): string {
  if (state === "sent") return sent === null ? "sent" : `sent ${clock(sent)}`;
  if (state === "failed") return `${tried(tries)}, given up`;
  const following = next === null ? "" : `, next at ${clock(next)}`;
  return `${tries === 0 ? "not tried yet" : tried(tries)}${following}`;
}

interface Props {
  /** None closes it. */
  message: Message | undefined;
  onClose: () => void;
}

export function MessageText({ message, onClose }: Props): ReactElement {
  const incident = message === undefined ? null : incidentOf(message);
  return (
    <Modal opened={message !== undefined} onClose={onClose} title={message === undefined ? "" : print(message.title)} centered size="lg" classNames={{ title: "letter-title" }}>
      {message === undefined ? null : (
        <>
          <p className="soft small">
            To {message.channel}, made {when(message.made)}; {standing(message)}
            {incident === null ? null : (
              <>
                {" · "}
                <Link to={to.incident(incident.model, incident.about)}>See the incident</Link>
              </>
            )}
          </p>
          {message.error === null ? null : (
            <p className={`small ${message.state === "failed" ? "wrong" : "soft"}`}>{message.error}</p>
          )}
          <p className="letter">{message.body}</p>
        </>
      )}
    </Modal>
  );
}
