/** Dragging along an axis holds what lies there; a click on it frees it again. */
import { type PointerEvent, type ReactElement, useState } from "react";

import { type Held, heldOf, type Scale } from "./scale";

interface Props {
  name: string;
  scale: Scale;
  x: number;
  top: number;
  bottom: number;
  /** What is held now, as places from the lower to the upper. */
  places: [number, number] | null;
  onHeld: (held: Held | null) => void;
}

/** Pixels at each side of an axis at which it can be taken, and of what is held. */
const GRIP = 14;
const HALF = 7;
/** Less than that is a click. */
const CLICK = 4;

export function Brush({ name, scale, x, top, bottom, places, onHeld }: Props): ReactElement {
  const [drag, setDrag] = useState<[number, number] | null>(null);
  const placeAt = (event: PointerEvent<SVGRectElement>): number => {
    const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
    return 1 - (event.clientY - (box?.top ?? 0) - top) / (bottom - top);
  };
  const end = (event: PointerEvent<SVGRectElement>): void => {
    if (drag === null) return;
    const until = placeAt(event);
    setDrag(null);
    const moved = Math.abs(until - drag[0]) * (bottom - top) >= CLICK;
    if (moved || places !== null) onHeld(moved ? heldOf(scale, drag[0], until) : null);
  };
  const [low, high] = drag === null ? (places ?? [0, 0]) : [Math.max(Math.min(...drag), 0), Math.min(Math.max(...drag), 1)];
  const y = (place: number): number => top + (1 - place) * (bottom - top);
  return (
    <>
      {drag === null && places === null ? null : <rect className="held" x={x - HALF} width={2 * HALF} y={y(high)} height={Math.max(y(low) - y(high), 2)} />}
      <rect
        className="grip"
        data-axis={name}
        x={x - GRIP}
        width={2 * GRIP}
        y={top - HALF}
        height={bottom - top + 2 * HALF}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setDrag([placeAt(event), placeAt(event)]);
        }}
        onPointerMove={(event) => {
          if (drag !== null) setDrag([drag[0], placeAt(event)]);
        }}
        onPointerUp={end}
        onPointerCancel={() => setDrag(null)}
        onClick={(event) => event.stopPropagation()}
      >
        <title>{`Drag along ${name} to keep what lies there; a click frees it`}</title>
      </rect>
    </>
  );
}
