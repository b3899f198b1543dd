import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { Dialog } from "./Dialog";
import { Panel } from "./Panel";

it("closes with Escape", async () => {
  const close = vi.fn();
  render(
    <Panel title="Node" onClose={close}>
      {"Settings"}
    </Panel>,
  );
  await userEvent.keyboard("{Escape}");
  expect(close).toHaveBeenCalledOnce();
});

it("leaves the key to a dialog above it", async () => {
  const [closePanel, closeDialog] = [vi.fn(), vi.fn()];
  render(
    <Panel title="Node" onClose={closePanel}>
      <Dialog open title="Question" onClose={closeDialog}>
        <input aria-label="Answer" />
      </Dialog>
    </Panel>,
  );
  await userEvent.keyboard("{Escape}");
  expect(closeDialog).toHaveBeenCalledOnce();
  expect(closePanel).not.toHaveBeenCalled();
});
