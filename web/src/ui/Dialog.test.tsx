import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";
import { Button } from "./Button";
import { Dialog } from "./Dialog";
import { Menu } from "./Menu";

function Page() {
  const [open, setOpen] = useState(false);
  const show = () => setOpen(true);
  return (
    <>
      <Button onClick={show}>{"Open"}</Button>
      <Menu
        trigger={<Button>{"Menu"}</Button>}
        items={[{ key: "open", label: "Open by menu", onSelect: show }]}
      />
      {open && (
        <Dialog open title="Question" onClose={() => setOpen(false)}>
          <input aria-label="Answer" />
        </Dialog>
      )}
    </>
  );
}

it("gives the focus back to the button that opened it", async () => {
  const user = userEvent.setup();
  render(<Page />);
  await user.click(screen.getByRole("button", { name: "Open" }));
  expect(screen.getByRole("dialog")).toBeTruthy();
  await user.keyboard("{Escape}");
  await expect.poll(() => document.activeElement?.textContent).toBe("Open");
});

it("gives the focus back to the menu's button", async () => {
  const user = userEvent.setup();
  render(<Page />);
  screen.getByRole("button", { name: "Menu" }).focus();
  await user.keyboard("{Enter}");
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("dialog")).toBeTruthy();
  await user.keyboard("{Escape}");
  await expect.poll(() => document.activeElement?.textContent).toBe("Menu");
});
