/** What was told, to whom, and whether it arrived. */
import type { ReactElement } from "react";
import { Link } from "react-router";

import type { Message } from "../../api";
import { api, to } from "../../data/paths";
import { useAnswer } from "../../data/query";
import { useUrl } from "../../data/url";
import { incidentOf, MessageText, standing } from "../../parts/message";
import { Section } from "../../parts/page";
import { Empty, Shown } from "../../parts/states";
import { type Column, Grid } from "../../table/grid";
import { print, when } from "../../words";

function Title({ message }: { message: Message }): ReactElement {
  const incident = incidentOf(message);
  return incident === null ? (
    <>{print(message.title)}</>
  ) : (
    <Link to={to.incident(incident.model, incident.about)}>{print(message.title)}</Link>
  );
}

function State({ message }: { message: Message }): ReactElement {
  const { state, error } = message;
  return (
    <>
      <span className={`state ${state === "failed" ? "failing" : state === "sent" ? "healthy" : ""}`}>{state}</span>
      {state === "sent" ? null : <div className="soft small">{standing(message)}</div>}
      {state === "sent" || error === null ? null : (
        <div className={`small ${state === "failed" ? "wrong" : "soft"}`}>{error}</div>
      )}
    </>
  );
}

const columnsOf = (onOpen: (message: Message) => void): Column<Message>[] => [
  {
    id: "made",
    head: "When",
    className: "nowrap",
    cell: (row) => (
      <time dateTime={row.made} title={row.sent === null ? row.made : `made ${row.made}, sent ${row.sent}`}>
        {when(row.made)}
      </time>
    ),
  },
  { id: "channel", head: "Channel", className: "nowrap", cell: (row) => row.channel },
  {
    id: "title",
    head: "What",
    className: "wide",
    cell: (row) => (
      <>
        <Title message={row} /> <span className="soft">·</span>{" "}
        <button type="button" className="linkish small nowrap" onClick={() => onOpen(row)}>
          whole text
        </button>
      </>
    ),
  },
  { id: "state", head: "State", className: "fate", cell: (row) => <State message={row} /> },
];

function Table({ messages }: { messages: Message[] }): ReactElement {
  const url = useUrl();
  const open = (message: Message): void => url.set({ message: String(message.id) });
  return (
    <>
      <Grid label="Messages" className="stacked messages" rows={messages} columns={columnsOf(open)} rowHeight={58} onOpen={open} />
      <MessageText
        message={messages.find(({ id }) => String(id) === url.get("message"))}
        onClose={() => url.set({ message: null }, "replace")}
      />
    </>
  );
}

export function Messages(): ReactElement {
  const messages = useAnswer<Message[]>(api.messages);
  return (
    <Section title="What was told">
      <Shown answer={messages} height={120}>
        {(all) => (all.length === 0 ? <Empty>Nothing so far.</Empty> : <Table messages={all} />)}
      </Shown>
    </Section>
  );
}
