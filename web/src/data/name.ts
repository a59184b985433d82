/** The name under which a person speaks: given once, this browser remembers it. */

const NAME = "whence.name";

export const name = {
  read: (): string => localStorage.getItem(NAME) ?? "",
  write: (value: string): void => localStorage.setItem(NAME, value.trim()),
};
