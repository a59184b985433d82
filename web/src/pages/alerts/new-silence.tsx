/** The form for a silence; its model is in the URL, so that an incident can link here. */
import { Autocomplete, Button, Select, TextInput } from "@mantine/core";
import { type ReactElement, type SubmitEvent, useState } from "react";

import type { ModelRow, NewSilence, Silence } from "../../api";
import { useAct } from "../../data/act";
import { send } from "../../data/client";
import { name } from "../../data/name";
import { useNow } from "../../data/now";
import { api } from "../../data/paths";
import { invalidate, useAnswer } from "../../data/query";
import { useUrl } from "../../data/url";
import { Failed } from "../../parts/states";
import { byName, duration, when } from "../../words";
import { endOf, type Term, TERMS } from "./term";

export function NewSilenceForm(): ReactElement {
  const url = useUrl();
  const now = useNow();
  const models = useAnswer<ModelRow[]>(api.models);
  const [term, setTerm] = useState<Term>("hours");
  const [date, setDate] = useState("");
  const [reason, setReason] = useState("");
  const [by, setBy] = useState(name.read);
  const { busy, failure, act } = useAct<NewSilence>();
  const model = url.get("silence") ?? "";
  const end = endOf(term, date, now);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const until = endOf(term, date, Date.now());
    if (until === null) return;
    name.write(by);
    const silence: NewSilence = { model: model.trim(), until: until.toISOString(), reason: reason.trim(), by: by.trim() };
    await act(silence, async () => {
      await send<Silence[]>(api.silences, silence);
      invalidate((path) => path === api.silences);
      setReason("");
      url.set({ silence: null }, "replace");
    });
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <div className="deeds">
        <Autocomplete
          size="xs"
          w="14rem"
          aria-label="Model, or a pattern"
          placeholder="Model, or fraud-*"
          data={(models.data ?? []).map((one) => one.name).toSorted(byName)}
          limit={200}
          maxDropdownHeight={320}
          value={model}
          onChange={(next) => url.set({ silence: next }, "replace")}
        />
        <Select
          size="xs"
          w="11rem"
          aria-label="For how long"
          data={TERMS}
          value={term}
          allowDeselect={false}
          onChange={(next) => setTerm(next ?? term)}
        />
        {term === "date" ? (
          <TextInput
            size="xs"
            type="date"
            aria-label="Until which day"
            value={date}
            onChange={(event) => setDate(event.currentTarget.value)}
          />
        ) : null}
        <TextInput
          size="xs"
          w="16rem"
          aria-label="Reason"
          placeholder="Reason"
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <TextInput
          size="xs"
          w="10rem"
          aria-label="Your name"
          placeholder="Your name"
          value={by}
          onChange={(event) => setBy(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default" disabled={model.trim() === "" || end === null} loading={busy !== null}>
          Silence
        </Button>
      </div>
      {model.trim() === "" || end === null ? null : (
        <p className="soft small" style={{ marginTop: "0.4rem" }}>
          Until {when(end.getTime())} UTC, {duration((end.getTime() - now) / 1000)} from now.
        </p>
      )}
      {failure === null ? null : <Failed failure={failure} />}
    </form>
  );
}
