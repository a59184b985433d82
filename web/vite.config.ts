import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The built page is part of the Python package: the server hands it out as it is.
const OUT = "../src/whence/server/static";

// `npm run dev` talks to a server that `whence ui` started; WHENCE_API says where.
const API = process.env["WHENCE_API"] ?? "http://127.0.0.1:4477";

export default defineConfig({
  plugins: [react()],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    assetsInlineLimit: 0, // nothing inline: the content-security policy stays strict
    target: "es2022",
    rolldownOptions: {
      output: {
        // What seldom changes keeps its name, and a browser its copy.
        codeSplitting: {
          groups: [
            { name: "react", test: /node_modules\/(react|react-dom|react-router|scheduler)\// },
            { name: "parts", test: /node_modules\// },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: API, changeOrigin: true } } },
});
