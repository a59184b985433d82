/** Starts the page. */
import "./style/mantine.css";
import "uplot/dist/uPlot.min.css";
import "./style/page.css";

import { createRoot } from "react-dom/client";

import { App } from "./app";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(<App />);
