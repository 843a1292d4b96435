export { readMoney, type MoneyView } from "./read-money";
