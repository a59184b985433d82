/** The way to the review of the current week, a page of its own. */
import { type MouseEvent, type ReactElement, useState } from "react";

import { Failure, open, ROOT, token } from "../../data/client";
import { useNow } from "../../data/now";
import { api } from "../../data/paths";
import { Failed } from "../../parts/states";

const DAY = 86_400_000;

/** The Monday that begins the week in UTC: `2026-11-23`. */
function monday(now: number): string {
  const since = (new Date(now).getUTCDay() + 6) % 7;
  return new Date(now - since * DAY).toISOString().slice(0, 10);
}

export function Review({ model }: { model: string }): ReactElement {
  const [failure, setFailure] = useState<Failure | null>(null);
  const path = api.review(model, monday(useNow()));
  const follow = async (event: MouseEvent): Promise<void> => {
    if (token.read() === null) return;
    event.preventDefault(); // a link cannot send the token
    try {
      await open(path);
      setFailure(null);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      setFailure(error);
    }
  };
  return (
    <>
      <a href={ROOT + path} target="_blank" rel="noopener" onClick={(event) => void follow(event)}>
        This week’s review
      </a>
      {failure === null ? null : <Failed failure={failure} />}
    </>
  );
}
