/** That a model is silenced, in the fewest words. */
import type { ReactElement } from "react";

import type { Silence } from "../api";
import { useSilenceOf } from "../data/silences";
import { clock, when } from "../words";

/** Who silenced it and why, as far as they said. */
const story = ({ model, reason, by, until }: Silence): string =>
  [`${model}, until ${when(until)} UTC`, reason, by === "" ? "" : `by ${by}`].filter((part) => part !== "").join(" · ");

/** Nothing where nothing is silenced. */
export function Silenced({ model }: { model: string }): ReactElement | null {
  const silence = useSilenceOf(model);
  return silence === null ? null : (
    <span className="soft small silenced" title={story(silence)}>
      silenced until {clock(silence.until)}
    </span>
  );
}
