/** The keyboard: J and K move in a list, Enter opens, Esc goes back, / finds, ? tells. */
import { useEffect, useRef, useState } from "react";

/** Whether a key press belongs to something that is being typed into. */
function typing(event: KeyboardEvent): boolean {
  const at = event.target;
  return (
    at instanceof HTMLElement &&
    (at.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(at.tagName))
  );
}

type Keys = Record<string, (event: KeyboardEvent) => void>;

/** Bind single keys while the component is shown; they rest while a person types. */
export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (typing(event) || document.querySelector("[role=dialog]") !== null) return;
      const run = latest.current[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (run === undefined) return;
      run(event);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

export interface Cursor {
  at: number;
  move: (to: number) => void;
}

/** A place in a list of `length`: J and K move it, Enter opens; -1 is "nowhere yet". */
export function useCursor(length: number, open: (at: number) => void): Cursor {
  const [at, setAt] = useState(-1);
  const step = (by: number) => (event: KeyboardEvent) => {
    if (length === 0) return;
    event.preventDefault();
    // What was clicked before must not take the Enter that is meant for the list.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    setAt((before) => Math.min(Math.max(before + by, 0), length - 1));
  };
  useKeys({
    j: step(1),
    k: step(-1),
    Enter: (event) => {
      const on = event.target;
      if (on instanceof HTMLElement && on.closest("a, button, [role=button]") !== null) return;
      if (at >= 0 && at < length) open(at);
    },
  });
  return { at: Math.min(at, length - 1), move: setAt };
}
