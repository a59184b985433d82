/** What stands around every page: the name, the way to the others, light or dark, the keys. */
import { ActionIcon, Kbd, Modal, Tooltip, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { type ReactElement, useEffect, useRef, useState } from "react";
import { Link, NavLink, Outlet, useLocation, useNavigate } from "react-router";

import { useLink, useLive } from "../data/live";
import { to } from "../data/paths";
import { useKeys } from "./keys";
import { TokenDialog } from "./token";

const KEYS: [string[], string][] = [
  [["J", "K"], "down and up in a list"],
  [["Enter"], "open what is marked"],
  [["Esc"], "back to where it belongs"],
  [["X"], "choose a run, to compare it"],
  [["/"], "find in the list, or write SQL"],
  [["?"], "these keys"],
];

/** Where Esc leads: up, not back, so that a link from a message works the same. */
function above(path: string): string | null {
  const parts = path.split("/").filter((part) => part !== "");
  if (parts.length === 0) return null;
  if (parts[0] === "runs" && parts.length > 1) return to.runs();
  if (parts[0] === "registry" && parts.length > 1) return to.registry;
  return parts[0] === "models" && parts.length > 2 ? `/models/${parts[1] ?? ""}` : to.models;
}

function Light(): ReactElement {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const other = scheme === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Show it ${other}`}>
      <ActionIcon variant="subtle" color="gray" aria-label={`Show it ${other}`} onClick={() => setColorScheme(other)}>
        <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
          <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
          <path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor" />
        </svg>
      </ActionIcon>
    </Tooltip>
  );
}

function Keys({ opened, onClose }: { opened: boolean; onClose: () => void }): ReactElement {
  return (
    <Modal opened={opened} onClose={onClose} title="Keys" centered size="sm">
      <div className="keys">
        {KEYS.map(([names, what]) => (
          <div key={what} style={{ display: "contents" }}>
            <span>
              {names.map((name) => (
                <Kbd key={name} mr={4}>
                  {name}
                </Kbd>
              ))}
            </span>
            <span>{what}</span>
          </div>
        ))}
      </div>
    </Modal>
  );
}

/** Listens; a new token begins it anew. */
function Live(): null {
  useLive();
  return null;
}

export function Frame(): ReactElement {
  const [shown, setShown] = useState(false);
  const [given, setGiven] = useState(0);
  const { pathname } = useLocation();
  const go = useNavigate();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const link = useLink();
  useKeys({
    "?": () => setShown(true),
    Escape: () => {
      const up = above(pathname);
      if (up !== null) void go(up);
    },
    "/": (event) => {
      const field = document.querySelector<HTMLElement>("[data-find]");
      if (field === null) return;
      event.preventDefault();
      field.focus();
    },
  });
  useEffect(() => {
    // A new page begins at its top, for eyes and for screen readers.
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
    // oxlint-disable-next-line react/exhaustive-effect-dependencies -- it runs because the page is another
  }, [pathname]);
  return (
    <div className="frame">
      <a className="skip" href="#main">
        To the page
      </a>
      <header className="masthead">
        <Link to={to.models} className="name">
          Whence
        </Link>
        <nav aria-label="Pages">
          <NavLink to={to.models} end>
            Models
          </NavLink>
          <NavLink to={to.runs()}>Runs</NavLink>
          <NavLink to={to.registry}>Registry</NavLink>
          <NavLink to={to.alerts}>Alerts</NavLink>
          <NavLink to={to.sql}>SQL</NavLink>
        </nav>
        <div className="tools">
          <Light />
          <Tooltip label="Keys">
            <ActionIcon variant="subtle" color="gray" aria-label="Show the keys" onClick={() => setShown(true)}>
              ?
            </ActionIcon>
          </Tooltip>
        </div>
      </header>
      {link === "lost" ? (
        <output className="notice small">
          The server does not answer; this is what was last read. Trying again.
        </output>
      ) : null}
      <main id="main" className="page" ref={main} tabIndex={-1} style={{ outline: "none" }}>
        <Outlet />
      </main>
      <Keys opened={shown} onClose={() => setShown(false)} />
      <Live key={given} />
      <TokenDialog onGiven={() => setGiven((times) => times + 1)} />
    </div>
  );
}
