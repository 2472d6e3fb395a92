// true — a program that has nothing to do, so that what runs it is all there is to measure.
int main() { return 0; }
