/** What is shown where there is no page, or where the page itself failed. */
import type { ReactElement } from "react";
import { Link, useRouteError } from "react-router";

import { to } from "../data/paths";
import { Head } from "../parts/page";

export function NotFound(): ReactElement {
  return (
    <Head
      title="Not found"
      headline="There is no such page."
      standfirst={<Link to={to.models}>All models</Link>}
    />
  );
}

export function Broken(): ReactElement {
  const error = useRouteError();
  return (
    <>
      <Head
        title="Broken"
        headline="This page failed to draw what it read."
        standfirst="That is a mistake in Whence, not in your model. The command line shows the same things: whence watch, whence why."
      />
      <p className="failed soft">{error instanceof Error ? error.message : String(error)}</p>
      <Link to={to.models}>All models</Link>
    </>
  );
}
