// Continues texts with llama.cpp, for checkpoints.py: node llama.mjs MODEL.gguf THREADS, run in a
// folder that has node-llama-cpp. Reads lines {"prompt": [ids], "count": n}, and answers each with
// {"tokens": [ids]}, the likeliest ones.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const here = createRequire(process.cwd() + "/");
const { getLlama } = await import(pathToFileURL(here.resolve("node-llama-cpp")));

const [modelPath, threads] = [process.argv[2], Number(process.argv[3])];
const llama = await getLlama({
  gpu: false, build: "never", skipDownload: true, maxThreads: threads,
});
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({ contextSize: 1024, threads });
const sequence = context.getSequence();

for await (const line of createInterface({ input: process.stdin })) {
  const { prompt, count } = JSON.parse(line);
  const tokens = [];
  await sequence.clearHistory();
  for await (const token of sequence.evaluate(prompt, { temperature: 0 })) {
    if (tokens.push(token) >= count) break;
  }
  console.log(JSON.stringify({ tokens }));
}
process.exit(0);
