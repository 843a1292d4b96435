import { describe, it } from "vitest";
import { playStory } from "./play-story";

describe("the story, from the order to nothing left, where libvirt cannot run", () => {
  it("holds on simulated hosts", { timeout: 600_000 }, () => playStory("simulated"));
});
