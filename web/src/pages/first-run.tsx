/** An empty store: the two lines that fill it, from a program or from a file. */
import type { ReactElement } from "react";

import { Listing } from "../parts/listing";
import { Head } from "../parts/page";

const PROGRAM = `m = whence.model("verifier")
m.log(rows, id="id", time="ts", prediction="pred")`;

const FILES = `whence import preds.parquet --model verifier --time ts --id id --prediction pred --proba p
whence import labels.parquet --model verifier --id id --label y`;

const DEMO = "whence demo camera";

export function FirstRun(): ReactElement {
  return (
    <>
      <Head
        title="Start"
        headline="No model has told anything yet. Two lines are enough."
        standfirst="Log what your model answers; say later what was true. This page fills by itself."
      />
      <div className="steps">
        <section>
          <h2>From the program that serves the model</h2>
          <p className="soft">
            <code>rows</code> is a list of dicts or a data frame. The labels, when they come: <code>m.label(rows, id="id", label="y")</code>.
          </p>
          <Listing code={PROGRAM} />
        </section>
        <section>
          <h2>From files you have already</h2>
          <p className="soft">Predictions, then labels, in any order, as often as you like.</p>
          <Listing code={FILES} />
        </section>
        <section>
          <h2>Or look at it on real photos first</h2>
          <p className="soft">Two minutes: a photo classifier meets a new phone.</p>
          <Listing code={DEMO} />
        </section>
      </div>
    </>
  );
}
