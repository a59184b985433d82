/** Runs side by side: a row for each name, a column for each run. */
import type { ReactElement } from "react";

import type { RunRow } from "../../api";

interface Props {
  runs: readonly RunRow[];
  names: string[];
  text: (run: RunRow, name: string) => string;
  number?: boolean;
}

export function Side({ runs, names, text, number = false }: Props): ReactElement {
  return (
    <div className="whole">
      <table className="grid-plain">
        <thead>
          <tr>
            <th scope="col">
              <span className="hidden">name</span>
            </th>
            {runs.map((run, at) => (
              <th key={run.id} scope="col" className={number ? "num" : ""} style={{ color: `var(--run-${at + 1})` }}>
                {run.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name} className="row">
              <td className="soft">{name}</td>
              {runs.map((run) => (
                <td key={run.id} className={number ? "num" : ""} title={text(run, name)}>
                  {text(run, name)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
