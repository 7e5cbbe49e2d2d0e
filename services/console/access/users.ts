import { z } from "zod";
import { loadYamlFile } from "../../../platform/config/yaml-file.ts";
import { hashPassword, isPassword, isPasswordHash } from "./passwords.ts";
import { type Person, ROLES } from "./roles.ts";

const usersSchema = z
  .array(
    z.strictObject({
      name: z.string().regex(/^[\w.@-]{1,64}$/, "1 to 64 of letters, digits, . _ @ -"),
      role: z.enum(ROLES),
      password: z.string().refine(isPasswordHash, { error: "a hash as services/console/hash-password.ts prints it" }),
    }),
  )
  .max(1_000)
  .refine((users) => new Set(users.map(({ name }) => name)).size === users.length, { error: "a name stands twice" });

type User = z.output<typeof usersSchema>[number];

/** The file of those who may log in, by name. @throws SluiceError `CONFIG_INVALID`, naming the place */
export function readUsers(path: string): Map<string, User> {
  const users = loadYamlFile(path, (value) => usersSchema.parse(value ?? []));
  return new Map(users.map((user) => [user.name, user]));
}

/** Who may log in with a password. The file is read anew for each question, so that a change needs no restart. */
export class Users {
  private readonly read: () => ReadonlyMap<string, User>;
  /** Nobody's: a name that is not there takes as long as a wrong password. */
  private readonly nobodys = hashPassword("");

  /** `path`: undefined where there is no file: then nobody has a password. */
  constructor(path: string | undefined) {
    this.read = path === undefined ? () => new Map() : () => readUsers(path);
  }

  /** @returns the person, or undefined when name or password is wrong. @throws what reading the file throws */
  async logIn(name: string, password: string): Promise<Person | undefined> {
    const user = this.read().get(name);
    const right = await isPassword(password, user?.password ?? (await this.nobodys));
    return right && user !== undefined ? { name: user.name, role: user.role } : undefined;
  }

  /** Whether somebody who has logged in may stay: the file still has them, in this role. */
  stillHas({ name, role }: Person): boolean {
    return this.read().get(name)?.role === role;
  }
}
