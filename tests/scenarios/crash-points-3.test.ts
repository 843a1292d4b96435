import { describe } from "vitest";
import { dieAtShare } from "./crash-points";

describe("a worker that dies at any moment", () => dieAtShare(2));
