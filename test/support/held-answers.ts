import type { ModelScene } from "./model-scene.ts"
import { beginStream, chatChunk, data, type EngineAsked, endOfStream, streamWords } from "./scripted-engine.ts"
import type { SimulatedHost } from "./simulated-host.ts"

/** Answers canaries, and chats when told to. */
export function heldBack(scene: ModelScene): { readonly asked: EngineAsked[]; go(): void } {
  const asked: EngineAsked[] = []
  scene.engine.script = (one) => {
    if (one.body.prompt !== undefined) return streamWords(one, ["a"])
    asked.push(one)
    if (one.body.stream === true) beginStream(one).write(data(chatChunk({ content: "be" })))
  }
  return {
    asked,
    go() {
      for (const one of asked.splice(0)) {
        if (one.body.stream === true) one.response.end(data(chatChunk({ content: "gin" }, "stop")) + endOfStream())
        else streamWords(one, ["late"])
      }
    },
  }
}

/** @returns the host on which the model is ready */
export async function servesTiny(
  scene: ModelScene,
  wanted: Parameters<ModelScene["serve"]>[1] = {},
): Promise<SimulatedHost> {
  const host = await scene.join("studio")
  await scene.store("tiny")
  await scene.serve("tiny", wanted)
  await scene.untilState("tiny", "ready")
  return host
}

export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}
