/** The models of which nothing is told for a while. */
import { Button } from "@mantine/core";
import { type ReactElement, useEffect, useState } from "react";

import type { Silence } from "../../api";
import { useAct } from "../../data/act";
import { send } from "../../data/client";
import { useNow } from "../../data/now";
import { api } from "../../data/paths";
import { invalidate } from "../../data/query";
import { holds, useSilences } from "../../data/silences";
import { useUrl } from "../../data/url";
import { Section } from "../../parts/page";
import { Failed, Shown } from "../../parts/states";
import { ago, clock, plural, when } from "../../words";
import { NewSilenceForm } from "./new-silence";

/** Which models, why and by whom. */
function Story({ silence }: { silence: Silence }): ReactElement {
  const { model, reason, by, made } = silence;
  return (
    <span>
      <b>{model}</b>
      {reason === "" ? "" : `: ${reason}`}{" "}
      <span className="soft small" title={made}>
        {by === "" ? "" : `${by}, `}
        {ago(made)}
      </span>
    </span>
  );
}

function InForce({ silences }: { silences: Silence[] }): ReactElement {
  const { busy, failure, act } = useAct<number>();
  const end = (id: number): Promise<boolean> =>
    act(id, async () => {
      await send<Silence[]>(api.endSilence(id), {});
      invalidate((path) => path === api.silences);
    });
  return (
    <>
      <ul className="lines ending">
        {silences.map((one) => (
          <li key={one.id}>
            <time className="soft" dateTime={one.until} title={`until ${when(one.until)} UTC`}>
              until {clock(one.until)}
            </time>
            <span className="spread">
              <Story silence={one} />
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`End now: ${one.model}`}
                loading={busy === one.id}
                onClick={() => void end(one.id)}
              >
                End now
              </Button>
            </span>
          </li>
        ))}
      </ul>
      {failure === null ? null : <Failed failure={failure} />}
    </>
  );
}

function Past({ silences }: { silences: Silence[] }): ReactElement | null {
  if (silences.length === 0) return null;
  return (
    <details className="folded">
      <summary className="soft">{plural(silences.length, "past silence")}</summary>
      <ul className="lines ending">
        {silences.map((one) => (
          <li key={one.id}>
            <time
              className="soft"
              dateTime={one.ended ?? one.until}
              title={one.ended === null ? "" : `ended by hand; it was to hold until ${when(one.until)} UTC`}
            >
              until {when(one.ended ?? one.until)}
            </time>
            <Story silence={one} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function List({ silences }: { silences: Silence[] }): ReactElement {
  const now = useNow();
  const { inForce = [], past = [] } = Object.groupBy(silences, (one) => (holds(one, now) ? "inForce" : "past"));
  return (
    <>
      {inForce.length === 0 ? null : <InForce silences={inForce} />}
      <NewSilenceForm />
      <Past silences={past} />
    </>
  );
}

export function Silences(): ReactElement {
  const silences = useSilences();
  const url = useUrl();
  const [called] = useState(() => url.get("silence") !== null);
  useEffect(() => {
    // A link that fills in the form leads to it, once the frame has gone to the top of the page.
    if (called) requestAnimationFrame(() => document.querySelector("#silences")?.scrollIntoView({ block: "center" }));
  }, [called]);
  return (
    <Section title="Silences" id="silences" says="Nothing is told of a silenced model; what is found is shown all the same.">
      <Shown answer={silences} height={80}>
        {(all) => <List silences={all} />}
      </Shown>
    </Section>
  );
}
