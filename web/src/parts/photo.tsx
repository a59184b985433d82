/** A picture: of a row, where it may be shown, or of a run. */
import { type ReactElement, useState } from "react";

import { api } from "../data/paths";
import { useSource } from "../data/source";

const SMALL = 1.5;

interface Props {
  /** Below /api/v1. */
  path: string;
  alt: string;
  className?: string;
}

export function Picture({ path, alt, className = "photo" }: Props): ReactElement {
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

/** A photo of a row, by the path under which it was logged. */
export const Photo = ({ path, ...rest }: Props): ReactElement => <Picture path={api.photo(path)} {...rest} />;
