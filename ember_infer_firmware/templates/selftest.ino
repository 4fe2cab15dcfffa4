// Compares golden vectors of @title@, and prints how many bytes differ: 0 if all is well.

#include <selftest/@name@_selftest.h>

void setup() {
    Serial.begin(115200);
}

void loop() {
    Serial.println(@name@_selftest());
    delay(1000);
}
