/** uPlot in React: as wide as its place, drawn again when the data, the place or the light change. */
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { type ReactElement, useEffect, useRef } from "react";
import uPlot from "uplot";

/** The page's colours, read from the style sheet so that they are written in one place. */
export interface Palette {
  paper: string;
  ink: string;
  soft: string;
  faint: string;
  rule: string;
  accent: string;
  accentWash: string;
  /** Of a band that is wider than another and drawn under it. */
  extremes: string;
  band: string;
  wrong: string;
  wrongWash: string;
  /** One for each run that is compared. */
  runs: string[];
}

export const RUN_COLOURS = 8;

export function palette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: of("paper"),
    ink: of("ink"),
    soft: of("soft"),
    faint: of("faint"),
    rule: of("rule"),
    accent: of("accent"),
    accentWash: of("accent-wash"),
    extremes: of("extremes"),
    band: of("band"),
    wrong: of("wrong"),
    wrongWash: of("wrong-wash"),
    runs: Array.from({ length: RUN_COLOURS }, (_, at) => of(`run-${at + 1}`)),
  };
}

export type Options = Omit<uPlot.Options, "width" | "height">;

interface Props {
  /** What is seen, for those who cannot see it. */
  label: string;
  height: number;
  data: uPlot.AlignedData;
  /** Must be stable (useCallback) as long as nothing it uses changes. */
  options: (colours: Palette) => Options;
}

function Chart({ label, height, data, options }: Props): ReactElement {
  const { ref: measured, width } = useElementSize<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(data);
  const visible = width > 0;

  useEffect(() => {
    latest.current = data;
    chart.current?.setData(data);
  }, [data]);

  useEffect(() => {
    const at = place.current;
    if (at === null || !visible) return undefined;
    const size = { width: at.clientWidth, height };
    const made = new uPlot({ ...options(palette()), ...size }, latest.current, at);
    chart.current = made;
    return () => {
      chart.current = null;
      made.destroy();
    };
  }, [options, height, visible]);

  useEffect(() => {
    if (visible) chart.current?.setSize({ width: Math.floor(width), height });
  }, [width, height, visible]);

  return (
    <div ref={measured} role="img" aria-label={label} style={{ height, minWidth: 0 }}>
      <div ref={place} />
    </div>
  );
}

export function Plot(props: Props): ReactElement {
  const scheme = useComputedColorScheme("light");
  return <Chart key={scheme} {...props} />;
}
