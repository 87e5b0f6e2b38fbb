import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from "@mantine/core";

/** Rust. Shade 7 carries white text at 5.6:1. */
const rust: MantineColorsTuple = [
  "#fdf2ec",
  "#fbe1d4",
  "#f6c3a8",
  "#f1a37b",
  "#ed8856",
  "#e5703a",
  "#d25a22",
  "#b84714",
  "#933911",
  "#732d0f",
];

/** Mantine's greys of the dark scheme, made neutral and a little deeper. */
const dark: MantineColorsTuple = [
  "#e6e6ea",
  "#c8c8cf",
  "#a5a5af",
  "#80808b",
  "#44444d",
  "#32323a",
  "#26262c",
  "#1b1b20",
  "#141417",
  "#0d0d0f",
];

export const theme = createTheme({
  colors: { rust, dark },
  primaryColor: "rust",
  primaryShade: 7,
  defaultRadius: "md",
  cursorType: "pointer",
  fontFamily: '"Inter Variable", system-ui, -apple-system, "Segoe UI", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace',
  headings: { fontWeight: "600" },
  components: {
    Input: { defaultProps: { radius: "md" } },
    InputWrapper: { styles: { label: { marginBottom: 6 }, error: { marginTop: 6 } } },
    Skeleton: { styles: { root: { opacity: 0.55 } } },
    Modal: {
      styles: { content: { background: "var(--ra-surface)" }, header: { background: "var(--ra-surface)" } },
    },
    Drawer: {
      styles: {
        content: { background: "var(--ra-surface)" },
        header: { background: "var(--ra-surface)" },
        title: { fontWeight: 600 },
      },
    },
    Menu: {
      // The placeholder is a child that role="menu" may not have.
      defaultProps: { withInitialFocusPlaceholder: false },
      styles: { dropdown: { background: "var(--ra-surface)", borderColor: "var(--ra-border)" } },
    },
    Popover: { styles: { dropdown: { background: "var(--ra-surface)", borderColor: "var(--ra-border)" } } },
    Tooltip: {
      defaultProps: { withArrow: true, openDelay: 200, events: { hover: true, focus: true, touch: true } },
    },
  },
});

/** Colours by meaning. Every text on its surface has at least 4.5:1, which axe checks in e2e. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f6f6f7",
    "--mantine-color-text": "#1d1d21",
    "--mantine-color-dimmed": "#5d5d68",
    "--ra-surface": "#ffffff",
    "--ra-border": "#e3e3e8",
    "--mantine-color-error": "#c4281c",
    "--ra-hover": "#f3f3f5",
    "--ra-selected": "#efeff2",
    "--ra-good": "#1f9d55",
    "--ra-warning": "#d97706",
    "--ra-bad": "#d92d20",
    "--ra-active": "#2474e5",
    "--ra-idle": "#8b8b96",
    "--ra-chart": "#d25a22",
  },
  dark: {
    "--mantine-color-body": "#111114",
    "--mantine-color-dimmed": "#a0a0ab",
    "--ra-surface": "#18181c",
    "--ra-border": "#2b2b32",
    "--mantine-color-error": "#ff8a80",
    "--ra-hover": "#202026",
    "--ra-selected": "#26262d",
    "--ra-good": "#34c777",
    "--ra-warning": "#f0a335",
    "--ra-bad": "#f2655a",
    "--ra-active": "#5a9cf8",
    "--ra-idle": "#767682",
    "--ra-chart": "#e5703a",
  },
});
