/** One typeface, one accent colour; the colours themselves are in page.css. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef4fb",
  "#d9e6f5",
  "#b3cdeb",
  "#8ab2e0",
  "#669bd6",
  "#4a87cb",
  "#2f72ba",
  "#1f5fa8",
  "#184e8c",
  "#123d70",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 4 },
  colors: { accent },
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SFMono-Regular", Menlo, Consolas, "Liberation Mono", monospace',
  defaultRadius: 3,
  cursorType: "pointer",
  respectReducedMotion: true,
});

export const variables: CSSVariablesResolver = () => ({
  variables: {
    "--mantine-color-body": "var(--paper)",
    "--mantine-color-text": "var(--ink)",
    "--mantine-color-dimmed": "var(--soft)",
    "--mantine-color-placeholder": "var(--soft)",
    "--mantine-color-default": "var(--paper)",
    "--mantine-color-default-border": "var(--rule)",
    "--mantine-color-default-color": "var(--ink)",
    "--mantine-color-default-hover": "var(--wash)",
  },
  light: {},
  dark: {},
});
