/** What a page shows while it has nothing else: that it reads, that nothing is there, that it failed. */
import { Button, Skeleton } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";

import type { Failure } from "../data/client";
import type { Answer } from "../data/query";
import { sentenceCase } from "../words";
import { Head } from "./page";

const LINES = ["72%", "58%"];

/** The shape of a page that is being read: a headline and a chart. */
export function Loading({ height = 220 }: { height?: number }): ReactElement {
  return (
    <div aria-busy="true" aria-live="polite">
      <span className="hidden">Reading …</span>
      {LINES.map((width) => (
        <Skeleton key={width} height={22} width={width} mb={10} />
      ))}
      <Skeleton height={height} mt={26} />
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }): ReactElement {
  return <p className="empty">{children}</p>;
}

export function Failed({ failure, retry }: { failure: Failure; retry?: () => void }): ReactElement {
  return (
    <div className="failed" role="alert">
      <p>{sentenceCase(failure.message)}</p>
      {retry === undefined ? null : (
        <Button variant="default" size="xs" mt="xs" onClick={retry}>
          Try again
        </Button>
      )}
    </div>
  );
}

const MISSING = 404;

interface Props<T> {
  answer: Answer<T>;
  height?: number;
  /** It is the page itself, which has no other headline. */
  whole?: boolean;
  children: (data: T) => ReactNode;
}

/** An answer in its three states; what was read before stays while it is read again. */
export function Shown<T>({ answer, height, whole = false, children }: Props<T>): ReactNode {
  if (answer.data !== null) return children(answer.data);
  if (answer.failure !== null) {
    return (
      <>
        {whole ? <Head title="Not read" headline={answer.failure.status === MISSING ? "It is not there." : "This could not be read."} /> : null}
        <Failed failure={answer.failure} retry={answer.retry} />
      </>
    );
  }
  return answer.loading ? <Loading {...(height === undefined ? {} : { height })} /> : null;
}
