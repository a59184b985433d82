/** Lines of code that are there to be copied. */
import { Button, CopyButton } from "@mantine/core";
import type { ReactElement } from "react";

export function Listing({ code }: { code: string }): ReactElement {
  return (
    <div className="listing">
      <pre>
        <code>{code}</code>
      </pre>
      <CopyButton value={code}>
        {({ copied, copy }) => (
          <Button className="copy" variant="default" size="compact-xs" onClick={copy}>
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
