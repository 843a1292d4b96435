import { z } from "zod";

/** A moment that calendars and columns can work with; what lies outside is a mistake, not a period. */
export const moment = z.date().min(new Date("2000-01-01T00:00:00Z"), { error: "lies before the year 2000" }).max(new Date("2200-01-01T00:00:00Z"), { error: "lies after the year 2200" });
