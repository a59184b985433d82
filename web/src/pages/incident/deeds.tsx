/** What people said of an incident, and the ways to say more. */
import { Button, Group, Textarea, TextInput } from "@mantine/core";
import { type ReactElement, useState } from "react";

import type { Action, ActionKind, Actions, NewAction } from "../../api";
import { type Acting, useAct } from "../../data/act";
import { send } from "../../data/client";
import { name } from "../../data/name";
import { api } from "../../data/paths";
import { invalidate } from "../../data/query";
import { Failed } from "../../parts/states";
import { actionWord, ago, plural, when } from "../../words";

interface Props {
  model: string;
  id: string;
  actions: Action[];
}

interface Deed {
  kind: ActionKind;
  label: string;
  means: string;
}

/** What there is to do, by what was said last. */
function deedsOf(actions: Action[]): Deed[] {
  const last = actions.findLast((one) => one.kind !== "comment")?.kind;
  const reopen: Deed = { kind: "reopened", label: "Reopen", means: "it is a failure after all" };
  if (last === "resolved" || last === "expected") return [reopen];
  const rest: Deed[] = [
    { kind: "expected", label: "Expected", means: "known, and no failure" },
    { kind: "resolved", label: "Resolved", means: "mended, whatever the metric says yet" },
  ];
  return last === "acknowledged"
    ? rest
    : [{ kind: "acknowledged", label: "Acknowledge", means: "someone is looking at it" }, ...rest];
}

export function Said({ actions }: { actions: Action[] }): ReactElement | null {
  if (actions.length === 0) return null;
  return (
    <ul className="lines" style={{ marginBottom: "1rem" }}>
      {actions.map((one) => (
        <li key={`${one.at} ${one.kind} ${one.text}`}>
          <time className="soft" dateTime={one.at} title={one.at}>
            {when(one.at)}
          </time>
          <span>
            {one.by === "" ? "Someone" : one.by} {actionWord(one.kind)}
            {one.text === "" ? "." : `: ${one.text}`} <span className="soft small">{ago(one.at)}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

interface Saying extends Omit<Acting<ActionKind>, "act"> {
  say: (kind: ActionKind, text?: string) => Promise<boolean>;
}

/** Tells the server what a person says, under the name that was given last. */
function useSaying(model: string, id: string): Saying {
  const { busy, failure, act } = useAct<ActionKind>();
  const say = (kind: ActionKind, text = ""): Promise<boolean> =>
    act(kind, async () => {
      const said: NewAction = { kind, text: text.trim(), by: name.read() };
      await send<Actions>(api.actions(model, id), said);
      invalidate((path) => path === api.models || path === api.model(model) || path === api.incident(model, id));
    });
  return { busy, failure, say };
}

interface ButtonsProps {
  actions: Action[];
  busy: ActionKind | null;
  onAct: (kind: ActionKind) => void;
}

function Buttons({ actions, busy, onAct }: ButtonsProps): ReactElement {
  return (
    <>
      {deedsOf(actions).map((deed) => (
        <Button
          key={deed.kind}
          size="xs"
          variant={deed.kind === "acknowledged" ? "filled" : "default"}
          title={deed.means}
          loading={busy === deed.kind}
          onClick={() => onAct(deed.kind)}
        >
          {deed.label}
        </Button>
      ))}
    </>
  );
}

/** The same without words, under the headline: at 3 am one press must do. */
export function QuickDeeds({ model, id, actions }: Props): ReactElement {
  const { busy, failure, say } = useSaying(model, id);
  return (
    <>
      <div className="deeds">
        <Buttons actions={actions} busy={busy} onAct={(kind) => void say(kind)} />
        <a className="small" href="#people" style={{ paddingBottom: "0.3rem" }}>
          {actions.length === 0 ? "Say more" : `${plural(actions.length, "thing")} said`}
        </a>
      </div>
      {failure === null ? null : <Failed failure={failure} />}
    </>
  );
}

export function Deeds({ model, id, actions }: Props): ReactElement {
  const [by, setBy] = useState(name.read);
  const [text, setText] = useState("");
  const { busy, failure, say } = useSaying(model, id);
  const act = async (kind: ActionKind): Promise<void> => {
    name.write(by);
    if (await say(kind, text)) setText("");
  };
  return (
    <>
      <Said actions={actions} />
      <div style={{ maxWidth: "44rem" }}>
        <Textarea
          data-find
          aria-label="What you want to say"
          placeholder="What should the others know?"
          autosize
          minRows={2}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className="deeds">
          <TextInput
            size="xs"
            aria-label="Your name"
            placeholder="Your name"
            value={by}
            onChange={(event) => setBy(event.currentTarget.value)}
            w="10rem"
          />
          <Group gap="xs">
            <Button
              size="xs"
              variant="default"
              disabled={text.trim() === ""}
              loading={busy === "comment"}
              onClick={() => void act("comment")}
            >
              Comment
            </Button>
            <Buttons actions={actions} busy={busy} onAct={(kind) => void act(kind)} />
          </Group>
        </div>
        {failure === null ? null : <Failed failure={failure} />}
      </div>
    </>
  );
}
