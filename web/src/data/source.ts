/** Where a picture of the API is read from: an <img> cannot send a token. */
import { useEffect, useState } from "react";

import { request, ROOT, token } from "./client";

/** What stands in `src`; undefined while it is read, null where it cannot be. */
export function useSource(path: string): string | null | undefined {
  const plain = token.read() === null;
  const [source, setSource] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    if (plain) return undefined;
    const stop = new AbortController();
    let made: string | null = null;
    request(path, { signal: stop.signal })
      .then((answer) => answer.blob())
      .then((content) => {
        made = URL.createObjectURL(content);
        if (stop.signal.aborted) URL.revokeObjectURL(made);
        else setSource(made);
      })
      .catch(() => {
        if (!stop.signal.aborted) setSource(null);
      });
    return () => {
      stop.abort();
      if (made !== null) URL.revokeObjectURL(made);
    };
  }, [path, plain]);
  return plain ? ROOT + path : source;
}
