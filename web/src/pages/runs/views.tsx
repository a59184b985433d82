/** Views of the table that were given a name: each is a link, and this browser remembers them. */
import { Button, Popover, TextInput } from "@mantine/core";
import { type ReactElement, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { byName, count } from "../../words";

const VIEWS = "whence.views";
/** What a view does not hold: which runs were chosen. */
const CHOSEN = "run";

interface View {
  name: string;
  query: string;
}

const isView = (value: unknown): value is View =>
  typeof value === "object" && value !== null && "name" in value && typeof value.name === "string" && "query" in value && typeof value.query === "string";

function stored(): View[] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(VIEWS) ?? "[]");
    return Array.isArray(value) ? value.filter(isView) : [];
  } catch {
    return []; // what another program wrote there is none of ours
  }
}

function queryOf(params: URLSearchParams): string {
  const query = new URLSearchParams(params);
  query.delete(CHOSEN);
  return query.toString();
}

export function Views(): ReactElement {
  const [params] = useSearchParams();
  const [views, setViews] = useState(stored);
  const [opened, setOpened] = useState(false);
  const [name, setName] = useState("");
  const query = queryOf(params);
  const here = views.find((view) => view.query === query);
  const keep = (next: View[]): void => {
    const sorted = next.toSorted((one, other) => byName(one.name, other.name));
    localStorage.setItem(VIEWS, JSON.stringify(sorted));
    setViews(sorted);
  };
  return (
    <Popover position="bottom-end" shadow="sm" width={272} trapFocus opened={opened} onChange={setOpened}>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => setOpened((before) => !before)}>
          {here === undefined ? (views.length === 0 ? "Views" : `Views: ${count(views.length)}`) : `View: ${here.name}`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown className="chooser">
        <form
          className="saving"
          onSubmit={(event) => {
            event.preventDefault();
            const called = name.trim();
            if (called === "") return;
            keep([...views.filter((view) => view.name !== called), { name: called, query }]);
            setName("");
          }}
        >
          <TextInput size="xs" aria-label="Name of this view" placeholder="Name of this view" value={name} onChange={(event) => setName(event.currentTarget.value)} />
          <Button size="xs" type="submit" disabled={name.trim() === ""}>
            Save
          </Button>
        </form>
        {views.length === 0 ? (
          <p className="soft small">None is saved. A view is the filter, the sorting, the groups and the columns as they are now.</p>
        ) : (
          <ul className="list">
            {views.map((view) => (
              <li key={view.name} className="spread">
                <Link to={`/runs${view.query === "" ? "" : `?${view.query}`}`} onClick={() => setOpened(false)} aria-current={view.query === query ? "true" : undefined}>
                  {view.name}
                </Link>
                <button type="button" className="linkish small" aria-label={`Forget ${view.name}`} onClick={() => keep(views.filter((one) => one.name !== view.name))}>
                  forget
                </button>
              </li>
            ))}
          </ul>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}
