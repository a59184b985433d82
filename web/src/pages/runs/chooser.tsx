/** Which metrics and params are columns, and which of them stay in sight. */
import { Button, Popover, TextInput } from "@mantine/core";
import { type ReactElement, useState } from "react";

import { count } from "../../words";

interface Props {
  /** All there are: `metrics.NAME`, `params.NAME`. */
  all: string[];
  shown: string[];
  pinned: string[];
  onChange: (shown: string[]) => void;
  onPin: (pinned: string[]) => void;
}

const KINDS = [
  { head: "Metrics", prefix: "metrics." },
  { head: "Params", prefix: "params." },
];

export function Chooser({ all, shown, pinned, onChange, onPin }: Props): ReactElement {
  const [find, setFind] = useState("");
  const chosen = new Set(shown);
  const fitting = all.filter((id) => id.toLowerCase().includes(find.toLowerCase()));
  const put = (ids: string[], on: boolean): void => {
    const changed = new Set(ids);
    onChange(all.filter((id) => (changed.has(id) ? on : chosen.has(id))));
  };
  return (
    <Popover position="bottom-end" shadow="sm" width={272} trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs">
          Columns: {shown.length === all.length ? `all ${count(all.length)}` : `${count(shown.length)} of ${count(all.length)}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className="chooser">
        <TextInput size="xs" aria-label="Find a column" placeholder="Find a column" value={find} onChange={(event) => setFind(event.currentTarget.value)} />
        <p className="small ways">
          <button type="button" className="linkish" onClick={() => put(fitting, true)}>
            {find === "" ? "Show all" : "Show these"}
          </button>
          <button type="button" className="linkish" onClick={() => put(fitting, false)}>
            {find === "" ? "Show none" : "Hide these"}
          </button>
        </p>
        <div className="list">
          {KINDS.map(({ head, prefix }) => {
            const ids = fitting.filter((id) => id.startsWith(prefix));
            return ids.length === 0 ? null : (
              <fieldset key={prefix}>
                <legend className="soft small">{head}</legend>
                {ids.map((id) => {
                  const name = id.slice(prefix.length);
                  const stays = pinned.includes(id);
                  return (
                    <div key={id} className="spread">
                      <label>
                        <input type="checkbox" checked={chosen.has(id)} onChange={(event) => put([id], event.currentTarget.checked)} />
                        {name}
                      </label>
                      {chosen.has(id) ? (
                        <button
                          type="button"
                          className="linkish small"
                          aria-pressed={stays}
                          aria-label={`Pin ${name}`}
                          title="A pinned column stays in sight"
                          onClick={() => onPin(stays ? pinned.filter((one) => one !== id) : [...pinned, id])}
                        >
                          {stays ? "unpin" : "pin"}
                        </button>
                      ) : null}
                    </div>
                  );
                })}
              </fieldset>
            );
          })}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
