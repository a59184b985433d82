/** A photo of a row: read with the token where there is one, and shown only where it may be. */
import { type ReactElement, useEffect, useState } from "react";

import { request, ROOT, token } from "../data/client";
import { api } from "../data/paths";

const SMALL = 1.5;

interface Props {
  path: string;
  alt: string;
  className?: string;
}

/** An <img> cannot send a token: then the photo is fetched and shown from memory. */
function useSource(path: string): string | null | undefined {
  const plain = token.read() === null;
  const [source, setSource] = useState<string | null | undefined>(undefined);
  useEffect(() => {
    if (plain) return undefined;
    const stop = new AbortController();
    let made: string | null = null;
    request(api.photo(path), { signal: stop.signal })
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
  return plain ? ROOT + api.photo(path) : source;
}

export function Photo({ path, alt, className = "photo" }: Props): ReactElement {
  const source = useSource(path);
  const [broken, setBroken] = useState(false);
  if (broken || source === null) return <span className="missing">not readable</span>;
  if (source === undefined) return <span className="missing" aria-busy="true" />;
  return (
    <img
      className={className}
      src={source}
      alt={alt}
      loading="lazy"
      decoding="async"
      onLoad={(event) => {
        // Enlarged, a small photo shows its pixels as they are: what the model saw.
        const { naturalWidth, clientWidth, style } = event.currentTarget;
        if (naturalWidth * SMALL < clientWidth) style.imageRendering = "pixelated";
      }}
      onError={() => setBroken(true)}
    />
  );
}
