import { expect, test } from "@playwright/test";

test("a habit can be ticked off", async ({ page }) => {
  await page.goto(process.env.BASE_URL ?? "http://localhost:3000");
  await page.getByRole("checkbox").first().check();
  await expect(page.getByText("1 of 3")).toBeVisible();
});
