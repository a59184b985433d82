/** What a run's program printed: only the lines in sight are drawn, and it grows while the run does. */
import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react";

import type { OutputPage, RunRow } from "../../api";
import { api } from "../../data/paths";
import { invalidate, useAnswers } from "../../data/query";
import { Section } from "../../parts/page";
import { Failed } from "../../parts/states";
import { count, plural } from "../../words";

const LINE = 20;
const NEAR = 60;
/** Of a line longer than this the rest is counted, not shown. */
const MOST_CHARACTERS = 5000;
/** So near to the end, in pixels, one wants to see what comes. */
const AT_END = 40;

interface Line {
  text: string;
  stream: string;
}

const known = new WeakMap<OutputPage, Line[]>();

const shortened = (text: string): string =>
  text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} … and ${plural(text.length - MOST_CHARACTERS, "more character", "more characters")}` : text;

function linesOf(page: OutputPage): Line[] {
  const before = known.get(page);
  if (before !== undefined) return before;
  const lines = page.parts.flatMap(({ text, stream }) => text.replace(/\n$/, "").split("\n").map((line): Line => ({ text: shortened(line), stream })));
  known.set(page, lines);
  return lines;
}

interface Printed {
  lines: Line[];
  /** Whether there is more to read. */
  more: boolean;
  readOn: () => void;
  failed: ReturnType<typeof useAnswers<OutputPage>>[number] | undefined;
}

/** The output as far as it was read; the last page is read again whenever a run that goes on was. */
function usePrinted(run: RunRow): Printed {
  const [starts, setStarts] = useState([0]);
  const answers = useAnswers<OutputPage>(starts.map((start) => api.output(run.id, start)));
  const next = answers.at(-1)?.data?.next ?? null;
  const readOn = useCallback(() => {
    if (next !== null) setStarts((before) => (before.includes(next) ? before : [...before, next]));
  }, [next]);
  const before = useRef(run);
  const last = api.output(run.id, starts.at(-1) ?? 0);
  useEffect(() => {
    const open = before.current !== run && (before.current.status === "running" || before.current.status === "unknown");
    before.current = run;
    if (open) invalidate((path) => path === last);
  }, [run, last]);
  const lines = useMemo(() => answers.flatMap(({ data }) => (data === null ? [] : linesOf(data))), [answers]);
  return { lines, more: next !== null, readOn, failed: answers.find(({ data, failure }) => data === null && failure !== null) };
}

/** Where what goes to stdout needs no word, the others have theirs, once for lines that follow each other. */
const streamOf = (lines: Line[], at: number): string => {
  const stream = lines[at]?.stream ?? "";
  return stream === "stdout" || (at > 0 && lines[at - 1]?.stream === stream) ? "" : stream;
};

function Lines({ lines, more, readOn, follow }: Printed & { follow: boolean }): ReactElement {
  const place = useRef<HTMLElement>(null);
  const atEnd = useRef(follow);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => place.current,
    estimateSize: () => LINE,
    overscan: 20,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (more && (atEnd.current || last >= lines.length - NEAR)) readOn();
  }, [more, last, lines.length, readOn]);
  useEffect(() => {
    if (atEnd.current && lines.length > 0) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [lines.length, virtual]);
  return (
    <>
      <section
        ref={place}
        className="output"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable
        tabIndex={0}
        aria-label="Printed lines"
        onScroll={({ currentTarget: at }) => {
          atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < AT_END;
        }}
      >
        <div style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => (
            <div key={index} className={`line ${lines[index]?.stream ?? ""}`} style={{ transform: `translateY(${start}px)` }}>
              <span className="gutter">
                {streamOf(lines, index)} {count(index + 1)}
              </span>
              <span>{lines[index]?.text}</span>
            </div>
          ))}
        </div>
      </section>
      {lines.length * LINE < (place.current?.clientHeight ?? Number.POSITIVE_INFINITY) ? null : (
        <Button
          mt="xs"
          size="compact-xs"
          variant="default"
          onClick={() => {
            atEnd.current = true;
            readOn();
            virtual.scrollToIndex(lines.length - 1, { align: "end" });
          }}
        >
          To the end
        </Button>
      )}
    </>
  );
}

function saysOf({ lines, more }: Printed): string {
  const wrong = lines.filter(({ stream }) => stream === "stderr").length;
  const said = more ? `The first ${count(lines.length)} lines; the rest is read as one scrolls.` : `${plural(lines.length, "line")}${wrong === 0 ? "." : `, ${count(wrong)} of them to stderr.`}`;
  return said;
}

export function Output({ run }: { run: RunRow }): ReactElement | null {
  const printed = usePrinted(run);
  const { lines, failed } = printed;
  if (lines.length === 0 && failed === undefined) return null;
  return (
    <Section title="Output" says={saysOf(printed)}>
      {failed === undefined || failed.failure === null ? null : <Failed failure={failed.failure} retry={failed.retry} />}
      {lines.length === 0 ? null : <Lines {...printed} follow={run.status !== "finished"} />}
    </Section>
  );
}
