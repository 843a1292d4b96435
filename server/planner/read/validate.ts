import type { Schema } from "./snapshot-schema";

/** The first thing in which a value differs from its schema, in words with the path to it; null: nothing. Unknown fields are no fault. */
export function findFault(value: unknown, schema: Schema, path = ""): string | null {
  const at = path === "" ? "the file" : path;
  if (value === undefined || (value === null && schema.nullable === true)) return null;
  switch (schema.type) {
    case "object":
      return objectFault(value, schema, path, at);
    case "array": {
      if (!Array.isArray(value)) return `${at} must be a list, it is ${shown(value)}`;
      for (const [index, item] of value.entries()) {
        const fault = item === undefined || schema.items === undefined ? null : findFault(item, schema.items, `${path}[${index}]`);
        if (fault !== null) return fault;
      }
      return null;
    }
    case "string":
      if (typeof value !== "string") return `${at} must be a text, it is ${shown(value)}`;
      return schema.enum === undefined || schema.enum.includes(value) ? null : `${at} is ${shown(value)}; it must be one of ${schema.enum.join(", ")}`;
    case "number":
      if (typeof value !== "number") return `${at} must be a number, it is ${shown(value)}`;
      if (schema.minimum !== undefined && value < schema.minimum) return `${at} is ${value}; it must be at least ${schema.minimum}`;
      return schema.maximum !== undefined && value > schema.maximum ? `${at} is ${value}; it must be at most ${schema.maximum}` : null;
    case "boolean":
      return typeof value === "boolean" ? null : `${at} must be true or false, it is ${shown(value)}`;
    case undefined:
      return null;
  }
}

function objectFault(value: unknown, schema: Schema, path: string, at: string): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${at} must be an object, it is ${shown(value)}`;
  const fields = new Map<string, unknown>(Object.entries(value));
  for (const key of schema.required ?? []) if (!fields.has(key)) return `${at} has no "${key}"`;
  for (const [key, field] of fields) {
    const inner = schema.properties?.[key] ?? schema.additionalProperties;
    const fault = inner === undefined ? null : findFault(field, inner, path === "" ? key : `${path}.${key}`);
    if (fault !== null) return fault;
  }
  return null;
}

function shown(value: unknown): string {
  const words = JSON.stringify(value) ?? String(value);
  return words.length > 60 ? `${words.slice(0, 57)}...` : words;
}

/** The schema as JSON Schema: `nullable` becomes a list of types. */
export function toJsonSchema(schema: Schema): object {
  const { nullable, properties, items, additionalProperties, type, ...rest } = schema;
  return {
    ...(type === undefined ? {} : { type: nullable === true ? [type, "null"] : type }),
    ...rest,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(properties).map(([key, one]) => [key, toJsonSchema(one)])) }),
    ...(items === undefined ? {} : { items: toJsonSchema(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: toJsonSchema(additionalProperties) }),
  };
}
