<?php
$settings = json_decode(file_get_contents(__DIR__ . '/settings.json'), true);
$config = ['people' => array_merge(['exampleauth:UserPass'], $settings['people'])];
