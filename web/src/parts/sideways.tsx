/** A place that scrolls, and says so: its edge fades where there is more, and buttons lead there. */
import { useMergedRef } from "@mantine/hooks";
import { type ReactElement, type ReactNode, type Ref, type RefObject, useEffect, useRef, useState } from "react";

const WAYS = ["left", "right", "above", "below"] as const;
type Way = (typeof WAYS)[number];

/** Less than that, in pixels, is nothing that anybody misses. */
const LEAST = 4;
/** Of what is in sight, so much is new after one step. */
const STEP = 0.8;

/** Where there is more than is in sight. */
export function useBeyond(place: RefObject<HTMLElement | null>): Way[] {
  const [beyond, setBeyond] = useState("");
  useEffect(() => {
    const at = place.current;
    if (at === null) return undefined;
    const look = (): void => {
      const { scrollLeft, scrollTop, scrollWidth, scrollHeight, clientWidth, clientHeight } = at;
      const far: Record<Way, number> = { left: scrollLeft, right: scrollWidth - clientWidth - scrollLeft, above: scrollTop, below: scrollHeight - clientHeight - scrollTop };
      setBeyond(WAYS.filter((way) => far[way] > LEAST).join(" "));
    };
    const sizes = new ResizeObserver(look);
    sizes.observe(at);
    for (const inside of at.children) sizes.observe(inside);
    at.addEventListener("scroll", look, { passive: true });
    return () => {
      sizes.disconnect();
      at.removeEventListener("scroll", look);
    };
  }, [place]);
  return WAYS.filter((way) => beyond.split(" ").includes(way));
}

/** The class of what stands around such a place. */
export const beyondClass = (ways: Way[]): string => ["beyond", ...ways.map((way) => `more-${way}`)].join(" ");

const SAID: Record<Way, string> = { left: "← More to the left", right: "More to the right →", above: "↑ More above", below: "More below ↓" };

function go(at: HTMLElement | null, way: Way): void {
  if (at === null) return;
  const across = { left: -1, right: 1, above: 0, below: 0 }[way] * STEP * at.clientWidth;
  const down = { left: 0, right: 0, above: -1, below: 1 }[way] * STEP * at.clientHeight;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  at.scrollBy({ left: across, top: down, behavior: calm ? "auto" : "smooth" });
}

interface Props {
  label: string;
  className: string;
  place?: Ref<HTMLElement>;
  children: ReactNode;
}

export function Sideways({ label, className, place: outer, children }: Props): ReactElement {
  const place = useRef<HTMLElement>(null);
  const both = useMergedRef(place, outer);
  const beyond = useBeyond(place);
  return (
    <>
      <div className={beyondClass(beyond)}>
        {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable */}
        <section ref={both} className={className} tabIndex={0} aria-label={label}>
          {children}
        </section>
      </div>
      {beyond.length === 0 ? null : (
        <p className="ways small">
          {beyond.map((way) => (
            <button key={way} type="button" className="linkish" title="The arrow keys do it too, once it has the focus" onClick={() => go(place.current, way)}>
              {SAID[way]}
            </button>
          ))}
        </p>
      )}
    </>
  );
}
