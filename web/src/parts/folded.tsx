/** What is shown only to those who ask: it is made when it is opened first. */
import { type ReactElement, type ReactNode, useState } from "react";

export function Folded({ summary, children }: { summary: ReactNode; children: ReactNode }): ReactElement {
  const [opened, setOpened] = useState(false);
  return (
    <details className="folded" onToggle={({ currentTarget }) => setOpened((before) => before || currentTarget.open)}>
      <summary>{summary}</summary>
      {opened ? children : null}
    </details>
  );
}
