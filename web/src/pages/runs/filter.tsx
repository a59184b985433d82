/** Which runs: a filter in the words of docs/runs.md. Enter applies it. */
import { TextInput } from "@mantine/core";
import { type ReactElement, useState } from "react";

import type { Failure } from "../../data/client";
import { sentenceCase } from "../../words";

interface Props {
  where: string | null;
  onWhere: (where: string | null) => void;
  /** What the server says of it. */
  failure: Failure | null;
}

/** What is typed, and the filter that it began from. */
interface Draft {
  of: string | null;
  text: string;
}

export function Filter({ where, onWhere, failure }: Props): ReactElement {
  const [draft, setDraft] = useState<Draft>({ of: where, text: where ?? "" });
  // Another link brings another filter; until then what is typed stands.
  const text = draft.of === where ? draft.text : (where ?? "");
  const write = (next: string): void => setDraft({ of: where, text: next });
  const apply = (next: string): void => {
    const said = next.trim() === "" ? null : next.trim();
    setDraft({ of: said, text: said ?? "" });
    onWhere(said);
  };
  return (
    <form
      className="filter"
      onSubmit={(event) => {
        event.preventDefault();
        apply(text);
      }}
    >
      <TextInput
        data-find
        size="xs"
        aria-label="Filter"
        placeholder="Filter, such as metrics.accuracy > 0.9 and status = 'finished'  /"
        spellCheck={false}
        autoComplete="off"
        classNames={{ input: "code" }}
        value={text}
        error={failure === null ? undefined : sentenceCase(failure.message)}
        onChange={(event) => write(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") event.currentTarget.blur();
        }}
      />
      {text.trim() !== (where ?? "") ? (
        <span className="soft small">Enter applies it</span>
      ) : where === null ? null : (
        <button type="button" className="linkish small" onClick={() => apply("")}>
          Show all runs
        </button>
      )}
    </form>
  );
}
