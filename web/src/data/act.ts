/** What a person does on the page that changes the store: what is under way, and how it failed. */
import { useState } from "react";

import { Failure } from "./client";

export interface Acting<Deed> {
  /** The deed that the server has not answered yet. */
  busy: Deed | null;
  /** Why the last one failed; null if it did not. */
  failure: Failure | null;
  /** Do it; false if the server refused, or could not be asked. */
  act: (deed: Deed, change: () => Promise<void>) => Promise<boolean>;
}

export function useAct<Deed>(): Acting<Deed> {
  const [busy, setBusy] = useState<Deed | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const act = async (deed: Deed, change: () => Promise<void>): Promise<boolean> => {
    setBusy(() => deed);
    try {
      await change();
      setFailure(null);
      return true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      setFailure(error);
      return false;
    } finally {
      setBusy(null);
    }
  };
  return { busy, failure, act };
}
