"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Plus, SearchX, Server } from "lucide-react";
import { useTranslations } from "next-intl";
import Link from "next/link";
import { parseAsArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import type { RouterOutputs } from "@/server/api/root";
import { INSTANCE_STATUSES, StatusBadge } from "@/app/_components/instance-status";
import { Pager, SearchBox, SortableTh } from "@/app/_components/list-controls";
import { Loaded } from "@/app/_components/loaded";
import { PageHead } from "@/app/_components/page-head";
import { useOrganization } from "@/app/_components/shell/viewer";
import { TimeAgo } from "@/app/_components/time-ago";
import { Button } from "@/app/_components/ui/button";
import { Card } from "@/app/_components/ui/card";
import { EmptyState } from "@/app/_components/ui/empty-state";
import { Select } from "@/app/_components/ui/field";
import { Table, Td, Th, Tr } from "@/app/_components/ui/table";
import { useWords } from "@/app/_components/use-words";
import { useFormats } from "@/app/_i18n/use-formats";
import { useTRPC } from "@/app/_trpc/client";
import { InstanceMenu } from "./instance-menu";
import { PAGE_SIZE } from "./page-size";

const SORTS = ["name", "createdAt", "status"] as const;

/** Everything that shapes the list lives in the address, so that a link shows what its sender saw. */
const listState = {
  search: parseAsString.withDefault(""),
  status: parseAsStringLiteral(INSTANCE_STATUSES),
  sort: parseAsStringLiteral(SORTS).withDefault("createdAt"),
  direction: parseAsStringLiteral(["asc", "desc"] as const).withDefault("desc"),
  /** The cursors of the pages walked so far; the last one is this page's. */
  after: parseAsArrayOf(parseAsString).withDefault([]),
};

/** `initial` is the first page of the plain list, as the server saw it while it made the page. */
export function InstanceList({ initial }: { readonly initial: RouterOutputs["instances"]["list"] | undefined }) {
  const t = useTranslations("instances");
  const status = useTranslations("status");
  const nav = useTranslations("nav");
  const common = useTranslations("common");
  const { slug, may } = useOrganization();
  const formats = useFormats();
  const say = useWords();
  const trpc = useTRPC();
  const [state, setState] = useQueryStates(listState, { history: "push" });
  const plain = !state.search && !state.status && state.sort === "createdAt" && state.direction === "desc" && state.after.length === 0;
  const query = useQuery(
    trpc.instances.list.queryOptions(
      {
        organization: slug,
        limit: PAGE_SIZE,
        sort: state.sort,
        direction: state.direction,
        ...(state.search ? { search: state.search } : {}),
        ...(state.status ? { status: state.status } : {}),
        ...(state.after.length ? { cursor: state.after.at(-1) } : {}),
      },
      { placeholderData: keepPreviousData, ...(plain ? { initialData: initial } : {}) },
    ),
  );
  const filtered = Boolean(state.search || state.status);
  const sortBy = (sort: (typeof SORTS)[number]): void =>
    void setState({ sort, direction: state.sort === sort && state.direction === "asc" ? "desc" : "asc", after: [] });
  const createHref = `/o/${slug}/instances/create`;
  const create = may("operator") ? (
    <Button asChild variant="primary">
      <Link href={createHref}>
        <Plus aria-hidden />
        {t("create")}
      </Link>
    </Button>
  ) : null;

  return (
    <>
      <PageHead title={nav("instances")} description={t("description")} actions={create} />
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchBox label={t("search")} value={state.search} onChange={(search) => void setState({ search: search || null, after: [] }, { history: "replace" })} />
        <Select aria-label={t("filterStatus")} value={state.status ?? ""} onChange={(event) => void setState({ status: INSTANCE_STATUSES.find((name) => name === event.target.value) ?? null, after: [] })}>
          <option value="">{t("anyStatus")}</option>
          {INSTANCE_STATUSES.map((name) => (
            <option key={name} value={name}>
              {status(name)}
            </option>
          ))}
        </Select>
        {filtered ? (
          <Button variant="ghost" onClick={() => void setState({ search: null, status: null, after: [] })}>
            {common("clear")}
          </Button>
        ) : null}
      </div>
      <Card aria-busy={query.isFetching}>
        <Loaded query={query}>
          {({ items, nextCursor, total }) =>
            items.length === 0 ? (
              filtered ? (
                <EmptyState icon={SearchX} title={t("noMatch")}>
                  {t("noMatchText")}
                </EmptyState>
              ) : (
                <EmptyState icon={Server} title={t("empty")} action={create}>
                  {may("operator") ? t("emptyText") : t("emptyViewer")}
                </EmptyState>
              )
            ) : (
              <>
                <Table label={nav("instances")}>
                  <thead>
                    <tr>
                      <SortableTh active={state.sort === "name"} direction={state.direction} onSort={() => sortBy("name")}>
                        {common("name")}
                      </SortableTh>
                      <SortableTh active={state.sort === "status"} direction={state.direction} onSort={() => sortBy("status")}>
                        {common("status")}
                      </SortableTh>
                      <Th className="hidden md:table-cell">{t("size")}</Th>
                      <Th className="hidden lg:table-cell">{t("image")}</Th>
                      <Th className="hidden sm:table-cell">{t("address")}</Th>
                      <SortableTh active={state.sort === "createdAt"} direction={state.direction} onSort={() => sortBy("createdAt")} className="hidden lg:table-cell">
                        {common("created")}
                      </SortableTh>
                      <Th>
                        <span className="sr-only">{common("actions")}</span>
                      </Th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((instance) => (
                      <Tr key={instance.id}>
                        <Td>
                          <Link href={`/o/${slug}/instances/${instance.id}`} className="font-medium hover:text-accent hover:underline">
                            {instance.name}
                          </Link>
                          <span className="block text-xs text-muted md:hidden">{instance.flavorName}</span>
                        </Td>
                        <Td>
                          <StatusBadge status={instance.status} reason={instance.statusReason === null ? null : say(instance.statusWords, instance.statusReason)} />
                        </Td>
                        <Td className="hidden md:table-cell">
                          {instance.flavorName}
                          <span className="block text-xs text-muted">
                            {t("sizeLine", { vcpus: instance.vcpus, memory: formats.mebibytes(instance.memoryMiB), disk: formats.gibibytes(instance.diskGiB) })}
                          </span>
                        </Td>
                        <Td className="hidden lg:table-cell">{instance.imageName}</Td>
                        <Td className="hidden font-mono text-xs sm:table-cell">{instance.privateIp ?? "–"}</Td>
                        <Td className="hidden whitespace-nowrap text-muted lg:table-cell">
                          <TimeAgo at={instance.createdAt} />
                        </Td>
                        <Td className="w-10 text-right">{may("operator") ? <InstanceMenu instance={instance} /> : null}</Td>
                      </Tr>
                    ))}
                  </tbody>
                </Table>
                <Pager
                  offset={state.after.length * PAGE_SIZE}
                  shown={items.length}
                  total={total}
                  onPrevious={state.after.length ? () => void setState({ after: state.after.slice(0, -1) }) : null}
                  onNext={nextCursor ? () => void setState({ after: [...state.after, nextCursor] }) : null}
                />
              </>
            )
          }
        </Loaded>
      </Card>
    </>
  );
}
