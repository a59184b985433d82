/** Asks once for the token of a server that wants one. */
import { Button, Modal, PasswordInput, Stack } from "@mantine/core";
import { type ReactElement, useEffect, useState } from "react";

import { onTokenWanted, token } from "../data/client";
import { invalidate } from "../data/query";

export function TokenDialog({ onGiven }: { onGiven: () => void }): ReactElement {
  const [wanted, setWanted] = useState(false);
  const [text, setText] = useState("");
  const [again, setAgain] = useState(false);
  useEffect(
    () =>
      onTokenWanted(() => {
        if (token.read() !== null) setAgain(true);
        token.forget();
        setWanted(true);
      }),
    [],
  );
  const give = (): void => {
    token.write(text.trim());
    setText("");
    setWanted(false);
    invalidate(() => true);
    onGiven();
  };
  return (
    <Modal opened={wanted} onClose={() => setWanted(false)} title="This server asks for a token" centered>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          give();
        }}
      >
        <Stack gap="md">
          <PasswordInput
            label="Token"
            description="Whoever runs the server makes one with: whence token create. It is kept until you close this tab."
            error={again ? "The last token was not accepted." : undefined}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          <Button type="submit" disabled={text.trim() === ""}>
            Go on
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
