import { monotonicUlid } from "@std/ulid";
import { type Conversations, type ConversationsOptions, openConversations } from "../../../conversations/mod.ts";
import { memoryLocks, memoryStore } from "../../../storage/testing.ts";
import { silentLogger } from "../../../telemetry/mod.ts";

/** The real conversations, on a store in memory. */
export interface Room extends AsyncDisposable {
  readonly conversations: Conversations;
}

/** Opens them for one test. */
export async function openRoom(
  { clock, ...calls }: Pick<ConversationsOptions, "clock" | "resolve" | "inference">,
): Promise<Room> {
  const store = await memoryStore();
  const conversations = await openConversations({
    store,
    locks: memoryLocks(clock),
    clock,
    newId: () => monotonicUlid(clock.now()),
    log: silentLogger,
    ...calls,
  });
  return {
    conversations,
    async [Symbol.asyncDispose]() {
      await conversations.close();
      store.close();
    },
  };
}
