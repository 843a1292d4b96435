import { z } from "zod";
import { emailAddress, givenPassword } from "../schema";

export const signInInput = z.object({ email: emailAddress, password: givenPassword });
export type SignInInput = z.output<typeof signInInput>;
