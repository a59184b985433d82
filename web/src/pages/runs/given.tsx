/** Names and texts, as many columns as there is room for. */
import type { ReactElement } from "react";

import { byName } from "../../words";

export function Given({ values }: { values: [string, string][] }): ReactElement {
  return (
    <dl className="given">
      {values
        .toSorted(([one], [other]) => byName(one, other))
        .map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
    </dl>
  );
}
